// expect: failed "quota used up"
var __spc_app = {
  async activate(event, spc) {
    for (let s = 'x'; ; s += s) spc.kv.put('k', s)
  },
}
