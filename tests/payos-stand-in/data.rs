//! The `data` objects that PayOS signs.

use serde_json::{Value, json};

use crate::links::Link;
use crate::payments::{CounterAccount, Transaction};
use crate::shape::Shape;
use crate::vietqr;

/// What the reply to a creation says.
pub(crate) fn created(base_url: &str, link: &Link, shape: Shape) -> Value {
    let request = &link.request;
    shape.apply(json!({
        "bin": vietqr::BANK_BIN,
        "accountNumber": vietqr::ACCOUNT_NUMBER,
        "accountName": vietqr::ACCOUNT_NAME,
        "amount": request.amount,
        "description": request.memo,
        "orderCode": request.order_code,
        "currency": "VND",
        "paymentLinkId": link.id,
        "status": link.status_word(),
        "expiredAt": request.expired_at,
        "checkoutUrl": format!("{base_url}/web/{}", link.id),
        "qrCode": vietqr::text(request.amount, &request.memo),
    }))
}

/// What the replies to get and cancel say.
pub(crate) fn link(link: &Link, shape: Shape) -> Value {
    let transactions: Vec<Value> = link.transactions.iter().map(|paid| transaction(paid, shape)).collect();
    let cancellation = link.cancellation.as_ref();
    let amount_paid = link.amount_paid_shown();
    shape.apply(json!({
        "id": link.id,
        "orderCode": link.request.order_code,
        "amount": link.request.amount,
        "amountPaid": amount_paid,
        "amountRemaining": link.request.amount - amount_paid,
        "status": link.status_word(),
        "createdAt": shape.reply_time(link.created_at_ms),
        "transactions": transactions,
        "canceledAt": cancellation.map(|cancellation| shape.reply_time(cancellation.at_ms)),
        "cancellationReason": cancellation.and_then(|cancellation| cancellation.reason.clone()),
    }))
}

/// What a webhook about this transfer says.
pub(crate) fn webhook(link: &Link, transaction: &Transaction, shape: Shape) -> Value {
    let mut data = json!({
        "orderCode": link.request.order_code,
        "amount": transaction.amount,
        "description": transaction.description,
        "accountNumber": vietqr::ACCOUNT_NUMBER,
        "reference": transaction.reference,
        "transactionDateTime": shape.webhook_time(transaction.at_ms),
        "currency": "VND",
        "paymentLinkId": link.id,
        "code": "00",
        "desc": "Thành công",
    });
    add_accounts(&mut data, &transaction.counter_account);
    shape.apply(data)
}

/// The sample that PayOS sends to an address that is being registered.
pub(crate) fn probe() -> Value {
    json!({
        "orderCode": 123, "amount": 3000, "description": "VQRIO123", "accountNumber": "12345678",
        "reference": "TF230204212323", "transactionDateTime": "2023-02-04 18:25:00",
        "currency": "VND", "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18", "code": "00",
        "desc": "Thành công", "counterAccountBankId": "", "counterAccountBankName": "",
        "counterAccountName": "", "counterAccountNumber": "", "virtualAccountName": "",
        "virtualAccountNumber": "",
    })
}

fn transaction(transaction: &Transaction, shape: Shape) -> Value {
    let mut data = json!({
        "reference": transaction.reference,
        "amount": transaction.amount,
        "accountNumber": vietqr::ACCOUNT_NUMBER,
        "description": transaction.description,
        "transactionDateTime": shape.reply_time(transaction.at_ms),
    });
    add_accounts(&mut data, &transaction.counter_account);
    data
}

fn add_accounts(data: &mut Value, counter: &CounterAccount) {
    data["counterAccountBankId"] = json!(counter.bank_id);
    data["counterAccountBankName"] = json!(counter.bank_name);
    data["counterAccountName"] = json!(counter.name);
    data["counterAccountNumber"] = json!(counter.number);
    data["virtualAccountName"] = Value::Null;
    data["virtualAccountNumber"] = Value::Null;
}
