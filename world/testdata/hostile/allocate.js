// expect: out-of-memory
var __spc_app = {
  async activate(event, spc) {
    const kept = []
    for (;;) kept.push(new Uint8Array(1 << 16).fill(7))
  },
}
