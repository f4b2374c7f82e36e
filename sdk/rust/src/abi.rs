//! The functions of the ABI as they are, by their names.

#[link(wasm_import_module = "spc")]
extern "C" {
    pub fn abi_version() -> i32;
    pub fn now() -> i64;
    pub fn gas_left() -> i64;
    pub fn event_time() -> i64;
    pub fn event_kind(buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn event_name(buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn event_from(buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn event_data(buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn sensor_read(name: *const u8, name_len: u32, time: *mut i64, values: *mut f64, values_cap: u32,
        count: *mut u32, data_len: *mut u32) -> i32;
    pub fn sensor_data(buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn kv_get(key: *const u8, key_len: u32, buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn kv_put(key: *const u8, key_len: u32, value: *const u8, value_len: u32) -> i32;
    pub fn kv_delete(key: *const u8, key_len: u32) -> i32;
    pub fn kv_keys(prefix: *const u8, prefix_len: u32, buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn send(peer: *const u8, peer_len: u32, data: *const u8, data_len: u32) -> i32;
    pub fn receive(peer: *mut u8, peer_cap: u32, peer_len: *mut u32, data: *mut u8, data_cap: u32,
        data_len: *mut u32) -> i32;
    pub fn log(level: i32, text: *const u8, text_len: u32) -> i32;
    pub fn seal(plain: *const u8, plain_len: u32, buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn open(sealed: *const u8, sealed_len: u32, buf: *mut u8, cap: u32, len: *mut u32) -> i32;
    pub fn wake_at(time: i64, label: *const u8, label_len: u32) -> i32;
    pub fn wake_in_region(lat_deg: f64, lon_deg: f64, radius_km: f64, label: *const u8, label_len: u32) -> i32;
    pub fn subscribe(trigger: *const u8, trigger_len: u32) -> i32;
    pub fn result_set(data: *const u8, data_len: u32) -> i32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    pub fn proc_exit(code: i32) -> !;
}
