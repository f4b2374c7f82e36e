// expect: failed "TypeError"
var __spc_app = {
  async activate(event, spc) {
    spc.actuators.wheel.spin(1)
  },
}
