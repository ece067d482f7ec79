package ledger

import "burnish/imaging"

// An outcome is notable when somebody may ask for it by its reason, or when it may overtake one
// that is: every failure, every skip but of a photo that was fresh, and whatever ended at a
// second delivery. The rest, usually 99 in 100, is only ever counted. So both are kept in
// segments of their own, and who looks for failures does not read what went well.
func notable(s Status, r imaging.Reason, attempt int64) bool {
	return s == Failed || s == Skipped && r != imaging.Fresh || attempt > 1
}

func (r row) notable() bool { return notable(Status(r.Status), imaging.Reason(r.Reason), r.Attempt) }

// notable is at least how many of the counted outcomes are notable, and 0 only if none is.
func (s Summary) notable() int64 {
	return sum(s.Failed) + sum(s.Skipped) - s.Skipped[imaging.Fresh] + s.Again
}

// fewRows is how many unremarkable outcomes may stand in one segment with notable ones: reading
// them too costs less than another object.
const fewRows = 1000

// apart splits outcomes into what one segment each is to hold: one for all, or one for the
// notable and one for the rest.
func apart(all []row) [][]row {
	var special, rest []row
	for _, r := range all {
		if r.notable() {
			special = append(special, r)
		} else {
			rest = append(rest, r)
		}
	}
	if len(special) == 0 || len(rest) <= fewRows {
		return [][]row{all}
	}
	return [][]row{special, rest}
}
