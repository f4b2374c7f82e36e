// expect: failed
var __spc_app = {
  async activate(event, spc) {
    return (await import('os')).exec(['reboot'])
  },
}
