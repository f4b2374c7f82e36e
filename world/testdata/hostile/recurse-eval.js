// expect: out-of-gas|stack-limit|failed
var __spc_app = {
  async activate(event, spc) {
    return eval('('.repeat(2e4) + ')'.repeat(2e4))
  },
}
