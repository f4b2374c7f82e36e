// expect: failed "ReferenceError"
var __spc_app = {
  async activate(event, spc) {
    platform.thruster.fire()
  },
}
