// Package sense is what a satellite's instruments tell: the truth of the simulated
// universe with each instrument's bias and noise.
//
// Every reading is a pure function of seed, satellite, sensor and time: noise comes
// from a generator keyed by these four, so nothing depends on who reads what first.
// A sensor samples at its own rate; a reading is the latest sample at or before the
// moment asked for, and says when it was taken.
//
// # Attitude
//
// The satellite points to the nadir without error. Its body frame is x forward,
// y to the right of the flight direction (against the orbit's normal), z down to
// the Earth's centre; x lies in the orbit plane, along the velocity for a circular
// orbit. The velocity meant is the inertial one.
//
// # Sensors
//
//	name          values                                  unit     bias (range)  noise (1 sigma)  rate
//	magnetometer  x y z of the field in body axes, total  nT       30 an axis    10 an axis       10 Hz
//	gyro          x y z of the rate against the stars,    deg/s    0.003         0.001            10 Hz
//	              in body axes
//	gnss          latitude, longitude,                    deg,     -             from position    1 Hz
//	              height over WGS-84,                     km,
//	              x y z ECEF position,                    km,                    0.003 an axis
//	              x y z ECEF velocity,                    km/s                   0.00002 an axis
//	              satellites used,                        1
//	              error of an axis, 1 sigma,              m
//	              its clock against GPS time              ns       150           15
//	sun           x y z to the Sun in body axes,          unit     0.1 deg       0.05 deg         5 Hz
//	              share of its disc seen                  0..1     -             -
//	              (all 0 in the umbra)
//	star          w x y z of the rotation from body to    unit     -             0.003 deg        2 Hz
//	              TEME axes, w >= 0
//	temperature   panel, structure, battery, payload      deg C    0.5           0.1              1 Hz
//	power         battery charge,                         0..1     -             0.001            1 Hz
//	              solar power, load, bus voltage          W W V                  0.2 0.1 0.01
//	camera        width, height, channels; the raw        pixels   -             -                0.2 Hz
//	              picture as data, row by row
//	camera_png    the same with the picture as PNG        pixels   -             -                0.2 Hz
//
// The total of the magnetometer is the length of the measured vector, so it needs no
// attitude to compare with IGRF. Temperatures and battery charge follow the orbit's
// light in closed form: the periodic state of a first-order lag, and of a battery
// filled by day and drained by night, on a circular orbit with today's Sun.
package sense
