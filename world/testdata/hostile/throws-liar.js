// expect: failed "cannot be described"
var __spc_app = {
  async activate(event, spc) {
    class Liar extends Error { get name() { throw 1 } get stack() { throw 2 } }
    throw new Liar('x'.repeat(1e4) + '\n\n')
  },
}
