package imaging

import "errors"

// Reason says why a photo was skipped or failed. The list is closed: ledgers, metrics and
// `burnish failures` show these words and no others.
type Reason string

// Reasons of failed photos. The first group are facts about the photo; the second is trouble
// that passes; the third is what the engine did to it; the last is all that nobody foresaw.
const (
	Corrupt     Reason = "corrupt"     // the coded data contradict themselves
	Truncated   Reason = "truncated"   // the data end too early
	Unsupported Reason = "unsupported" // a coding that this build does not read, or no photo at all
	TooLarge    Reason = "too_large"   // past a limit of the recipe, or of the imager's memory
	NotFound    Reason = "not_found"   // the source is gone
	Malformed   Reason = "malformed"   // the message is not a job
	NoRecipe    Reason = "no_recipe"   // the recipe that the job names is missing, damaged or of a later version

	Unavailable Reason = "unavailable" // a service or a disk does not answer
	Throttled   Reason = "throttled"   // a service asks to slow down

	Crashed Reason = "crashed" // the imager died on the photo
	Timeout Reason = "timeout" // the imager had not finished at its deadline

	Internal Reason = "internal" // none of the above
)

// FailureReasons lists the reasons of failed photos, those that somebody should look at first.
var FailureReasons = []Reason{
	Internal, Crashed, Timeout, Unavailable, Throttled, NotFound, TooLarge, Corrupt, Truncated, Unsupported, Malformed, NoRecipe,
}

// Reasons of skipped photos.
const (
	Fresh      Reason = "fresh"       // manifest of this generation and fingerprint exists
	Superseded Reason = "superseded"  // a newer generation of the photo exists
	NotAPhoto  Reason = "not_a_photo" // neither name nor content is that of a photo
	Link       Reason = "link"        // a symbolic link out of the source, to a folder or to nothing
	Cancelled  Reason = "cancelled"   // the batch was cancelled before the photo was begun
)

// The facts that engines state about a photo. Each stands for the reason of the same name.
var (
	ErrCorrupt     = errors.New("corrupt")
	ErrTruncated   = errors.New("truncated")
	ErrUnsupported = errors.New("unsupported")
	ErrTooLarge    = errors.New("too large")
	ErrCrashed     = errors.New("imager crashed")
	ErrTimeout     = errors.New("imager timed out")
)

// ErrEngine says that there is no engine to work on any photo. It says nothing about the photo.
var ErrEngine = errors.New("no imager")
