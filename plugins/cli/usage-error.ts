/** The command line itself is wrong; nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** What was probably meant. */
  readonly didYouMean: string | undefined
  /** What to do about it. */
  readonly remedy: string | undefined

  constructor(
    message: string,
    details: {
      readonly didYouMean?: string
      readonly remedy?: string
      readonly cause?: unknown
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.didYouMean = details.didYouMean
    this.remedy = details.remedy
  }
}
