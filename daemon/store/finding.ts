/** What looking for faults brings to light. */

/** What one check found. */
export interface Finding {
  readonly check: string
  readonly level: 'ok' | 'warn' | 'fail'
  readonly message: string
  readonly remedy?: string
  /** Indexes that building them anew would mend. */
  readonly reindex?: readonly string[]
  /** Types whose references would be mended by making their rows of the table anew. */
  readonly references?: readonly string[]
}
