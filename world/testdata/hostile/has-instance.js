// expect: failed
var __spc_app = {
  async activate(event, spc) {
    Object.defineProperty(Uint8Array, Symbol.hasInstance, { value: () => true })
    spc.kv.put('k', new Proxy({}, { get() { throw 1 } }))
    spc.kv.put('k', 7)
    throw new Error('stored ' + spc.kv.get('k').length)
  },
}
