// expect: failed "TypeError"
var __spc_app = {
  async activate(event, spc) {
    'use strict'
    Object.freeze(spc.kv)
    spc.kv.put = () => 1
  },
}
