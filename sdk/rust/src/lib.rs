//! SpaceChain app SDK for Rust: everything outside its own memory that a program
//! on a satellite can reach.
//!
//! An app is not a daemon: a trigger starts it, the function given to [`app!`]
//! runs once, and the instance is gone. What must last goes into key-value
//! storage.
//!
//! ```ignore
//! fn activate(event: spc::Event) -> Result<Vec<u8>, spc::Error> {
//!     let reading = spc::sensor("temperature")?;
//!     Ok(format!("{{\"celsius\":{:?}}}", reading.values).into_bytes())
//! }
//!
//! spc::app!(activate);
//! ```
//!
//! Units are those of the sensors' documentation; times are nanoseconds since
//! 1970-01-01T00:00:00Z. ABI version 1.

use std::fmt;

mod abi;

/// The peer name of the identity that deployed this app.
pub const OWNER: &str = "owner";

/// Why the satellite refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// The grant does not allow it.
    Perm = 1,
    /// No such key, file, sensor or message.
    NoEnt = 2,
    /// An argument is malformed or out of bounds.
    Inval = 3,
    /// Storage, bandwidth or message quota is used up.
    Quota = 4,
    /// Asked more often than the granted rate.
    Rate = 5,
    /// Not now: the device or the link is not available.
    Busy = 6,
    /// The message limit is too small for it.
    TooBig = 7,
    /// A sealed message does not open.
    BadAuth = 8,
    /// The satellite does not have it.
    Unavailable = 9,
    /// The host failed; try again in a later activation.
    Internal = 10,
}

impl Errno {
    fn of(code: i32) -> Errno {
        use Errno::*;
        [Perm, NoEnt, Inval, Quota, Rate, Busy, TooBig, BadAuth, Unavailable]
            .into_iter()
            .find(|e| *e as i32 == code)
            .unwrap_or(Internal)
    }
}

/// A refused call: what was tried and why not.
#[derive(Clone, Debug)]
pub struct Error {
    /// What was tried, on what.
    pub op: String,
    /// Why not.
    pub errno: Errno,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.op, self.errno)
    }
}

impl std::error::Error for Error {}

fn check(code: i32, op: &str, what: &str) -> Result<(), Error> {
    if code == 0 {
        return Ok(());
    }
    Err(Error { op: format!("{op} {what}").trim_end().to_string(), errno: Errno::of(code) })
}

/// Why an activation runs.
#[derive(Clone, Debug)]
pub struct Event {
    /// "schedule", "orbit", "message", "wake" or "install".
    pub kind: String,
    /// The trigger's name in spacechain.yaml, or the wake's label.
    pub name: String,
    /// When the trigger fired.
    pub time: i64,
    /// Endpoint of the sender, for kind "message".
    pub from: String,
    /// The message or call payload, for kind "message".
    pub data: Vec<u8>,
}

/// One sample of a sensor.
#[derive(Clone, Debug)]
pub struct Reading {
    /// When the sample was taken.
    pub time: i64,
    /// In the sensor's documented units and frame.
    pub values: Vec<f64>,
    /// Bulk data, such as a camera frame; empty for the others.
    pub data: Vec<u8>,
}

/// A message that waited for this activation.
#[derive(Clone, Debug)]
pub struct Message {
    /// Endpoint of the sender.
    pub from: String,
    /// What it sent.
    pub data: Vec<u8>,
}

/// Rank of a log line.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// Of interest while writing the app.
    Debug = 0,
    /// Of interest to the owner.
    Info = 1,
    /// Something is odd.
    Warn = 2,
    /// Something failed.
    Error = 3,
}

// Calls a function with a variable-length result, again with the size it asks for.
fn grow(guess: usize, op: &str, what: &str, call: impl Fn(*mut u8, u32, *mut u32) -> i32) -> Result<Vec<u8>, Error> {
    let mut buf = vec![0u8; guess.max(1)];
    let mut len = 0u32;
    let mut code = call(buf.as_mut_ptr(), buf.len() as u32, &mut len);
    if code == Errno::TooBig as i32 && len as usize > buf.len() {
        buf.resize(len as usize, 0);
        code = call(buf.as_mut_ptr(), buf.len() as u32, &mut len);
    }
    check(code, op, what)?;
    buf.truncate(len as usize);
    Ok(buf)
}

fn text(b: Vec<u8>) -> String {
    String::from_utf8_lossy(&b).into_owned()
}

/// The event of this activation.
pub fn event() -> Event {
    let get = |f: unsafe extern "C" fn(*mut u8, u32, *mut u32) -> i32| {
        grow(256, "event", "", |p, n, l| unsafe { f(p, n, l) }).unwrap_or_default()
    };
    Event {
        kind: text(get(abi::event_kind)),
        name: text(get(abi::event_name)),
        time: unsafe { abi::event_time() },
        from: text(get(abi::event_from)),
        data: get(abi::event_data),
    }
}

/// Version of the interface that the satellite offers; this crate is written for 1.
pub fn abi_version() -> i32 {
    unsafe { abi::abi_version() }
}

/// The satellite's time at the resolution that apps get.
pub fn now() -> i64 {
    unsafe { abi::now() }
}

/// Gas that this activation may still use.
pub fn gas_left() -> u64 {
    unsafe { abi::gas_left() as u64 }
}

/// Reads a sensor that the manifest asks for and the grant allows.
pub fn sensor(name: &str) -> Result<Reading, Error> {
    let mut values = vec![0f64; 16];
    let (mut time, mut count, mut size) = (0i64, 0u32, 0u32);
    for _ in 0..2 {
        let code = unsafe {
            abi::sensor_read(name.as_ptr(), name.len() as u32, &mut time, values.as_mut_ptr(),
                values.len() as u32, &mut count, &mut size)
        };
        if code == Errno::TooBig as i32 {
            values.resize(count as usize, 0.0);
            continue;
        }
        check(code, "read sensor", name)?;
        values.truncate(count as usize);
        let data = match size {
            0 => Vec::new(),
            n => grow(n as usize, "read data of sensor", name, |p, n, l| unsafe { abi::sensor_data(p, n, l) })?,
        };
        return Ok(Reading { time, values, data });
    }
    Err(Error { op: format!("read sensor {name}"), errno: Errno::Internal })
}

/// The value of a key, or None where there is none.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    match grow(256, "get", key, |p, n, l| unsafe { abi::kv_get(key.as_ptr(), key.len() as u32, p, n, l) }) {
        Err(e) if e.errno == Errno::NoEnt => Ok(None),
        other => other.map(Some),
    }
}

/// Sets a key.
pub fn put(key: &str, value: &[u8]) -> Result<(), Error> {
    let code = unsafe { abi::kv_put(key.as_ptr(), key.len() as u32, value.as_ptr(), value.len() as u32) };
    check(code, "put", key)
}

/// Removes a key, and says whether it was there.
pub fn delete(key: &str) -> Result<bool, Error> {
    match unsafe { abi::kv_delete(key.as_ptr(), key.len() as u32) } {
        code if code == Errno::NoEnt as i32 => Ok(false),
        code => check(code, "delete", key).map(|_| true),
    }
}

/// The keys that begin with prefix, in byte order.
pub fn keys(prefix: &str) -> Result<Vec<String>, Error> {
    let list = grow(1024, "list keys", prefix, |p, n, l| unsafe {
        abi::kv_keys(prefix.as_ptr(), prefix.len() as u32, p, n, l)
    })?;
    Ok(text(list).split_terminator('\0').map(str::to_string).collect())
}

/// Queues a bundle message to [`OWNER`] or to a peer that the manifest names.
pub fn send(peer: &str, data: &[u8]) -> Result<(), Error> {
    let code = unsafe { abi::send(peer.as_ptr(), peer.len() as u32, data.as_ptr(), data.len() as u32) };
    check(code, "send to", peer)
}

/// Takes the next waiting message, or None where none waits.
pub fn receive() -> Result<Option<Message>, Error> {
    let (mut from, mut data) = (vec![0u8; 256], vec![0u8; 4096]);
    loop {
        let (mut from_len, mut data_len) = (0u32, 0u32);
        let code = unsafe {
            abi::receive(from.as_mut_ptr(), from.len() as u32, &mut from_len,
                data.as_mut_ptr(), data.len() as u32, &mut data_len)
        };
        if code == Errno::NoEnt as i32 {
            return Ok(None);
        }
        if code != Errno::TooBig as i32 {
            check(code, "receive", "")?;
        }
        from.resize(from_len as usize, 0);
        data.resize(data_len as usize, 0);
        if code == 0 {
            return Ok(Some(Message { from: text(from), data }));
        }
    }
}

/// Records a line for the owner.
pub fn log(level: Level, line: &str) {
    unsafe { abi::log(level as i32, line.as_ptr(), line.len() as u32) };
}

/// Encrypts with the tenant's own key (authenticated).
pub fn seal(plain: &[u8]) -> Result<Vec<u8>, Error> {
    grow(plain.len() + 64, "seal", "", |p, n, l| unsafe { abi::seal(plain.as_ptr(), plain.len() as u32, p, n, l) })
}

/// Opens what [`seal`] made; `BadAuth` for anything else.
pub fn open(sealed: &[u8]) -> Result<Vec<u8>, Error> {
    grow(sealed.len(), "open", "", |p, n, l| unsafe { abi::open(sealed.as_ptr(), sealed.len() as u32, p, n, l) })
}

/// Asks for one more activation at a time; label becomes the event's name.
pub fn wake_at(time: i64, label: &str) -> Result<(), Error> {
    check(unsafe { abi::wake_at(time, label.as_ptr(), label.len() as u32) }, "wake at", label)
}

/// Asks for one more activation when the satellite's ground point enters the circle.
pub fn wake_in_region(lat_deg: f64, lon_deg: f64, radius_km: f64, label: &str) -> Result<(), Error> {
    let code = unsafe { abi::wake_in_region(lat_deg, lon_deg, radius_km, label.as_ptr(), label.len() as u32) };
    check(code, "wake in region", label)
}

/// Switches on a trigger that spacechain.yaml declares optional.
pub fn subscribe(trigger: &str) -> Result<(), Error> {
    check(unsafe { abi::subscribe(trigger.as_ptr(), trigger.len() as u32) }, "subscribe to", trigger)
}

/// Sets the bytes that travel home; the last call wins.
pub fn set_result(data: &[u8]) -> Result<(), Error> {
    check(unsafe { abi::result_set(data.as_ptr(), data.len() as u32) }, "set result", "")
}

/// Ends the activation; a code other than 0 ends it as failed.
pub fn exit(code: i32) -> ! {
    unsafe { abi::proc_exit(code) }
}

/// Runs a handler for [`app!`]: its bytes become the result, its error is logged
/// and ends the activation as failed.
pub fn run<R: AsRef<[u8]>, E: fmt::Display>(handle: fn(Event) -> Result<R, E>) {
    let done = handle(event()).map_err(|e| e.to_string());
    let set = done.and_then(|r| match r.as_ref() {
        [] => Ok(()),
        data => set_result(data).map_err(|e| e.to_string()),
    });
    if let Err(text) = set {
        log(Level::Error, &text);
        exit(1);
    }
}

/// Makes a function `fn(Event) -> Result<impl AsRef<[u8]>, impl Display>` the app's entry.
#[macro_export]
macro_rules! app {
    ($handle:path) => {
        #[no_mangle]
        pub extern "C" fn _start() {
            $crate::run($handle)
        }
    };
}
