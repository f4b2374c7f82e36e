package coins

// Unit is the satoshi in one coin of money.
const Unit = 100_000_000

// MaxMoney is the largest amount of satoshi that is valid anywhere
// (Qtum Core 27.1 consensus/amount.h: MAX_MONEY).
const MaxMoney = 107_822_406*Unit + 25*(Unit/100)

// InRange reports whether an amount is valid (consensus/amount.h: MoneyRange).
func InRange(value int64) bool { return value >= 0 && value <= MaxMoney }
