// Package magnetic gives the Earth's main magnetic field by IGRF-14, degree
// 13, from 1900 to 2030, in nanotesla.
//
// Between the model's epochs, five years apart, coefficients are interpolated
// linearly, and from 2025 to 2030 they follow its secular variation, as the
// model prescribes. The field of the crust, the ionosphere and the
// magnetosphere is not in it: expect 100 to 200 nT of difference to a
// measurement, more in a magnetic storm.
//
// A Model is the field at one instant; it is a plain value, costs a
// microsecond to make, and answers for one place in about as much. No function
// here allocates.
package magnetic
