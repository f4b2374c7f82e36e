// expect: failed "quota used up"
var __spc_app = {
  async activate(event, spc) {
    for (let i = 0; ; i++) spc.send('owner', 'message ' + i)
  },
}
