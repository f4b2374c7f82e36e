// expect: failed "too big"
var __spc_app = {
  async activate(event, spc) {
    spc.send('owner', new Uint8Array(100e3))
  },
}
