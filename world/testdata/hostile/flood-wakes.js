// expect: failed "quota used up"
var __spc_app = {
  async activate(event, spc) {
    for (let i = 1; ; i++) spc.wakeAt(Date.now() + 1000 * i)
  },
}
