// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    function* all() { for (let i = 0n; ; i++) yield i ** 3n }
    return [...all()].length
  },
}
