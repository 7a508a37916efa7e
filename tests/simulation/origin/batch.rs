//! One batch of the origin: the engine decides it, and the process may die before or after it is on disk.

use domain::{OrderCode, Timestamp};
use engine::{Batch, Changes, Reply, Request};
use ledger::{Entry, Fact};

use super::{Answer, Waiting};
use crate::oracle::{Done, RefundIs};
use crate::world::World;

impl World {
    pub(crate) fn batch(&mut self) {
        if self.origin.memory.is_none() || !self.origin.batch_comes {
            return;
        }
        self.origin.batch_comes = false;
        let mut waiting = std::mem::take(&mut self.origin.waiting);
        waiting.sort_by_key(|waiting| waiting.request.precedence());
        let time = self.read_clock();
        let disk = &self.origin.disk;
        let first_row = disk.head_seq() + 1;
        let Some(memory) = &mut self.origin.memory else { return };
        let mut batch = Batch::new(memory, disk, time, disk.head_seq(), waiting.len());
        let mut done = Vec::new();
        let answers: Vec<_> = waiting
            .into_iter()
            .map(|Waiting { request, ticket }| {
                let asked = order_and_command(&request);
                let reply = batch.apply(request).expect("the simulated disk can always be read");
                if let (Some((order, command)), Reply::Order { outcome, .. }) = (asked, &reply) {
                    done.push(Done { order, command, outcome: outcome.clone() });
                }
                (ticket, reply)
            })
            .collect();
        let changes = batch.finish();
        // Without the first batch, which creates the drop, there is no sale.
        let dies = first_row > 1 && self.chance(self.weather.crash);
        if dies && self.chance(0.5) {
            self.die();
            return answers.into_iter().for_each(|(ticket, _)| self.answer(ticket, Answer::Lost));
        }
        self.commit(time.now, first_row, changes, &done);
        if dies {
            self.origin.assert_replay_agrees(time.now);
            self.die();
            return answers.into_iter().for_each(|(ticket, _)| self.answer(ticket, Answer::Lost));
        }
        for (ticket, reply) in answers {
            self.answer(ticket, Answer::Reply(reply));
        }
        self.tick_soon();
    }

    fn commit(&mut self, now: Timestamp, first_row: i64, changes: Changes, done: &[Done]) {
        let Some(memory) = &mut self.origin.memory else { return };
        let placed = changes.placed.iter().map(|placed| placed.record.order);
        let changed: Vec<OrderCode> = placed.chain(changes.changed.iter().map(|record| record.order)).collect();
        self.origin.disk.commit(now, &changes);
        memory.forget_done(&changes.drops.iter().map(|drop| drop.drop).collect(), now);
        for (seq, Entry { fact, .. }) in (first_row..).zip(&changes.entries) {
            self.oracle.hear(seq, fact, now.0, self.now, &self.payos);
        }
        for given in &changes.destinations {
            self.oracle.destination_given(given, now);
        }
        for listed in &changes.transfers {
            self.oracle.refund_listed(&listed.transfer, now, RefundIs::Listed);
        }
        for payout in &changes.payouts {
            self.oracle.refund_listed(&payout.transfer, now, RefundIs::Paying);
        }
        if let Some(drop) = self.origin.drop_state() {
            self.oracle.assert_step(drop, &self.origin.disk, &changed, done);
        }
        for Entry { fact, .. } in &changes.entries {
            self.tell(|| format!("{fact:?}"));
            if let Fact::Sale(event) = fact {
                self.effects_owed(event, now.0);
            }
            self.payout_step_recorded(fact);
        }
        if let Some(step_ms) = changes.clock_step_ms {
            self.accept_step(step_ms);
        }
        self.transfers_listed(changes.transfers);
        for payout in &changes.payouts {
            self.payout_begun(payout, now.0);
        }
    }
}

fn order_and_command(request: &Request) -> Option<(OrderCode, domain::Command)> {
    match request {
        Request::Order(asked) => Some((asked.order, asked.command.clone())),
        _ => None,
    }
}
