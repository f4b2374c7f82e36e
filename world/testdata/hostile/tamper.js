// expect: returned
// Spoils all it can reach. Its next activation, and everybody else's, starts clean.
var __spc_app = {
  activate(event, spc) {
    const dirty = [Object.prototype.evil, globalThis.evil, spc.evil, spc.kv.evil].filter((v) => v !== undefined)
    Object.prototype.evil = Array.prototype.evil = globalThis.evil = spc.evil = spc.kv.evil = 'evil'
    Array.prototype.sort = Array.prototype.concat = JSON.parse = Math.random = () => 'evil'
    Object.defineProperty(Object.prototype, 'then', { get() { return undefined }, configurable: true })
    Function.prototype.call = Function.prototype.apply = null
    console = Date = undefined
    spc.setResult(dirty.length === 0 ? 'clean' : 'dirty')
  },
}
