// expect: failed|out-of-gas
var __spc_app = {
  async activate(event, spc) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    throw new Error('waited')
  },
}
