// expect: failed "cannot be described"
var __spc_app = {
  async activate(event, spc) {
    throw new Proxy({}, { get() { throw 1 }, has() { throw 2 }, getPrototypeOf() { throw 3 } })
  },
}
