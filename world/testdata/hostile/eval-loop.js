// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    return new Function('for (;;) {}')()
  },
}
