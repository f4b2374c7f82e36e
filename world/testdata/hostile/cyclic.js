// expect: failed "circular"
var __spc_app = {
  async activate(event, spc) {
    const a = {}
    a.a = a
    return a
  },
}
