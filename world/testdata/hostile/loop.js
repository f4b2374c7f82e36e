// expect: out-of-gas "used up"
var __spc_app = {
  async activate(event, spc) {
    while (true) {}
  },
}
