/** The credential of its own that approving may need. */
export interface Approver {
  /** Whether approving needs it. */
  readonly isSet: boolean
  /**
   * Whether the approver's secret was shown; false when none is needed.
   *
   * @throws OrionError `forbidden` when one is needed, and none or a wrong one came.
   */
  prove(secret: string | undefined): Promise<boolean>
}

/** Approving needs no credential of its own. */
export const noApprover: Approver = { isSet: false, prove: async () => false }
