// expect: failed "call stack"
var __spc_app = {
  async activate(event, spc) {
    const f = (n) => f(n + 1) + 1
    return f(0)
  },
}
