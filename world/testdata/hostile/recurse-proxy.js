// expect: stack-limit|failed
var __spc_app = {
  async activate(event, spc) {
    const p = new Proxy({}, { get(t, k, r) { return r[k] } })
    return p.x
  },
}
