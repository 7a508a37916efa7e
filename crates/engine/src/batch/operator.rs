//! What operators do to drops and products.

use std::sync::Arc;

use domain::{Command, Decision, DropId, DropState, Outcome, decide, evolve};

use super::Batch;
use crate::{CreateDropError, NewDrop, NewProduct, NoSuchDrop, OfferedDrop, ProductOf, Records};
use ledger::{Entry, Fact, Listing, Product};

impl<R: Records> Batch<'_, R> {
    pub(super) fn drop_command(
        &mut self,
        drop: DropId,
        command: &Command,
        operator: &str,
    ) -> Result<Outcome, NoSuchDrop> {
        let now = self.now();
        let offered = self.sale.drops.get_mut(&drop).ok_or(NoSuchDrop)?;
        let Decision { outcome, events } = decide(&offered.state, None, now, command);
        for event in events {
            evolve(&mut offered.state, &mut None, &event, now);
            self.changed_drops.insert(drop);
            self.changes.entries.push(Entry {
                drop: Some(drop),
                operator: operator.to_owned(),
                fact: Fact::Sale(event),
            });
        }
        Ok(outcome)
    }

    pub(super) fn create_product(&mut self, new: NewProduct, operator: String) -> Product {
        let id = self.sale.products.last_key_value().map_or(1, |(id, _)| id + 1);
        let NewProduct { name, description, image_url } = new;
        let product = Product { id, name, description, image_url };
        self.sale.products.insert(id, product.clone());
        self.changes.entries.push(Entry { drop: None, operator, fact: Fact::ProductCreated(product.clone()) });
        product
    }

    pub(super) fn create_drop(&mut self, new: NewDrop, operator: String) -> Result<Listing, CreateDropError> {
        let NewDrop { slug, product, mut terms } = new;
        if self.sale.drops.values().any(|offered| offered.listing.slug == slug) {
            return Err(CreateDropError::SlugTaken);
        }
        let product = match product {
            ProductOf::Existing(id) => self.sale.products.get(&id).ok_or(CreateDropError::NoSuchProduct)?.clone(),
            ProductOf::New(product) => self.create_product(product, operator.clone()),
        };
        let drop = DropId(self.sale.drops.last_key_value().map_or(1, |(id, _)| id.0 + 1));
        terms.drop = drop;
        let state = DropState::created(terms.clone());
        let listing = Listing { terms, slug, product, first_order_code: self.sale.next_order };
        self.sale.drops.insert(drop, OfferedDrop { listing: Arc::new(listing.clone()), state });
        self.changed_drops.insert(drop);
        self.changes.entries.push(Entry { drop: Some(drop), operator, fact: Fact::DropCreated(listing.clone()) });
        Ok(listing)
    }
}
