// expect: failed
var __spc_app = {
  async activate(event, spc) {
    const b = new Uint8Array(8)
    try { b.buffer.transfer() } catch {}
    spc.kv.put('k', b)
    class Far extends Uint8Array { get length() { return 2 ** 31 } get byteOffset() { return -5 } }
    spc.kv.put('k', new Far(4))
    throw new Error('stored ' + spc.kv.get('k').length)
  },
}
