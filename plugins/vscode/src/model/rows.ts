/** What a tree shows, without the editor that shows it. */

/** One row. All texts are harmless already. */
export interface Row {
  /** The same for the same thing after a refresh, so that the editor keeps what was opened and selected. */
  readonly key: string
  readonly label: string
  readonly description?: string
  /** Lines for who looks closer. */
  readonly tooltip?: string
  /** What a screen reader says; the label and the description unless given. */
  readonly spoken?: string
  readonly icon?: RowIcon
  /** What can be done with it, as the `when` clauses of the menus name it. */
  readonly context?: string
  /** The record behind it. */
  readonly record?: RowRecord
  /** What choosing it does, beside opening its record. */
  readonly command?: RowCommand
}

/** An icon of the editor's own set, and a colour of its theme. */
export interface RowIcon {
  readonly name: string
  readonly colour?: string
}

/** Which record a row is about, and which state of it. */
export interface RowRecord {
  readonly type: string
  readonly id: string
  readonly version: number
}

/** A command of this extension; the list that `more` continues. */
export type RowCommand = 'more' | 'search' | 'retry'

/** A row with what lies below it, which is read when it is opened. */
export interface TreeNode {
  readonly row: Row
  readonly children?: () => Promise<readonly TreeNode[]>
  /** Whether it is open at first. */
  readonly open?: boolean
  /** Continues the list that the row stands for. */
  readonly more?: () => void
}

/** A view of one store. */
export interface StoreView {
  /** The rows at its top. @throws what reading throws. */
  readonly roots: () => Promise<readonly TreeNode[]>
  /** Whether what happened to records of a type changes what is shown. */
  readonly concerns: (type: string) => boolean
}
