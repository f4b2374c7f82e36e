// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    return /^(a+)+$/.test('a'.repeat(40) + 'b')
  },
}
