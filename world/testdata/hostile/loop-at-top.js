// expect: out-of-gas
for (;;) {}
var __spc_app = { activate() {} }
