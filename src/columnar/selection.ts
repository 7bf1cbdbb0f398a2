/** Some rows of one window, ascending. */
export class Selection {
  readonly rows: Uint16Array;
  count: number;

  constructor(rows: Uint16Array, count: number) {
    this.rows = rows;
    this.count = count;
  }

  /** An empty selection with room for so many rows. */
  static room(rows: number): Selection {
    return new Selection(new Uint16Array(rows), 0);
  }

  addRange(from: number, to: number): void {
    const { rows } = this;
    let n = this.count;
    for (let row = from; row < to; row++) rows[n++] = row;
    this.count = n;
  }

  copy(): Selection {
    return new Selection(this.rows.slice(0, this.count), this.count);
  }

  /** Keeps the rows that the test accepts. */
  keep(accepts: (row: number) => boolean): void {
    const { rows, count } = this;
    let n = 0;
    for (let i = 0; i < count; i++) if (accepts(rows[i]!)) rows[n++] = rows[i]!;
    this.count = n;
  }

  /** Takes out the rows of another selection, which must be some of this one's. */
  remove(other: Selection): void {
    const { rows, count } = this;
    let n = 0;
    let k = 0;
    for (let i = 0; i < count; i++) {
      if (k < other.count && other.rows[k] === rows[i]) k++;
      else rows[n++] = rows[i]!;
    }
    this.count = n;
  }
}
