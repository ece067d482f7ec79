package ledger

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// groupRows is how many outcomes of a report are encoded together, and held in memory meanwhile.
const groupRows = 100_000

// Report writes outcomes, however many, into one Parquet file with the columns of a segment. Its
// methods are for one goroutine.
type Report struct {
	out *parquet.GenericWriter[row]
}

// NewReport returns a report that is written to out. Close must be called.
func NewReport(out io.Writer) *Report {
	return &Report{parquet.NewGenericWriter[row](out,
		schema,
		parquet.CreatedBy("burnish", "1", "report"),
		parquet.DataPageVersion(1),
		parquet.Compression(&parquet.Gzip),
		parquet.MaxRowsPerRowGroup(groupRows),
	)}
}

// Write adds an outcome. One that no segment could hold is an error.
func (r *Report) Write(o Outcome) error {
	one, err := rowOf(o, o.Batch)
	if err != nil {
		return err
	}
	_, err = r.out.Write([]row{one})
	return err
}

// Close completes the file. It does not close what the report is written to.
func (r *Report) Close() error { return r.out.Close() }
