// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    const again = () => Promise.resolve().then(again)
    await again()
  },
}
