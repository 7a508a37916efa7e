//! A Google sheet that shows what became of every order: what a row of it holds, and the calls that read and write it.

mod account;
mod calls;
mod columns;
mod safe_address;
mod settings;
mod sheet;

pub(crate) use self::account::ServiceAccount;
pub(crate) use self::calls::CallError;
pub(crate) use self::columns::{Line, header, is_header};
pub(crate) use self::settings::{GOOGLE_URL, SheetsSettings, TAB_DEFAULT, address, spreadsheet_id, tab_name};
pub(crate) use self::sheet::Sheet;
