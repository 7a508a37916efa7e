//! What operators do to drops and products.

use std::sync::Arc;

use domain::{Command, Decision, DropId, DropState, Outcome, decide, evolve};
use ledger::{Entry, Fact, Listing, Product};

use super::super::ask::{CreateDropError, NewDrop, NewProduct, NoSuchDrop, ProductOf};
use super::{Batch, LiveDrop};

impl Batch<'_> {
    pub(super) fn drop_command(
        &mut self,
        drop: DropId,
        command: &Command,
        operator: &str,
    ) -> Result<Outcome, NoSuchDrop> {
        let live = self.shop.drops.get_mut(&drop).ok_or(NoSuchDrop)?;
        let Decision { outcome, events } = decide(&live.state, None, self.now, command);
        for event in events {
            evolve(&mut live.state, &mut None, &event, self.now);
            self.decided.changed_drops.insert(drop);
            self.decided.entries.push(Entry {
                drop: Some(drop),
                operator: operator.to_owned(),
                fact: Fact::Sale(event),
            });
        }
        Ok(outcome)
    }

    pub(super) fn create_product(&mut self, new: NewProduct, operator: String) -> Product {
        let id = self.shop.products.last_key_value().map_or(1, |(id, _)| id + 1);
        let NewProduct { name, description, image_url } = new;
        let product = Product { id, name, description, image_url };
        self.shop.products.insert(id, product.clone());
        self.decided.entries.push(Entry { drop: None, operator, fact: Fact::ProductCreated(product.clone()) });
        product
    }

    pub(super) fn create_drop(&mut self, new: NewDrop, operator: String) -> Result<Listing, CreateDropError> {
        let NewDrop { slug, product, mut terms } = new;
        if self.shop.drops.values().any(|live| live.listing.slug == slug) {
            return Err(CreateDropError::SlugTaken);
        }
        let product = match product {
            ProductOf::Existing(id) => self.shop.products.get(&id).ok_or(CreateDropError::NoSuchProduct)?.clone(),
            ProductOf::New(product) => self.create_product(product, operator.clone()),
        };
        let drop = DropId(self.shop.drops.last_key_value().map_or(1, |(id, _)| id.0 + 1));
        terms.drop = drop;
        let state = DropState::created(terms.clone());
        let listing = Listing { terms, slug, product, first_order_code: self.shop.next_order };
        let live = LiveDrop { listing: Arc::new(listing.clone()), state };
        self.shop.drops.insert(drop, live);
        self.decided.changed_drops.insert(drop);
        self.decided.entries.push(Entry { drop: Some(drop), operator, fact: Fact::DropCreated(listing.clone()) });
        Ok(listing)
    }
}
