// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    const again = () => setTimeout(again, 3600e3)
    again()
    await new Promise(() => {})
  },
}
