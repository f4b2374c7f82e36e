// expect: failed "ReferenceError"
var __spc_app = {
  async activate(event, spc) {
    return await fetch('http://169.254.169.254/')
  },
}
