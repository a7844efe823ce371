/** The number of each kind of error on the wire. Codes and kinds are the interface. */
import type { ErrorKind } from '../errors.ts'

/** JSON-RPC's own codes keep their meaning; ours lie outside the range it reserves. */
export const errorCodes = {
  parse_error: -32700,
  method_not_found: -32601,
  invalid_params: -32602,
  invalid_request: 40000,
  token_invalid: 40000,
  invalid_record: 40001,
  unauthenticated: 40100,
  not_initialized: 40101,
  forbidden: 40300,
  approval_required: 40301,
  not_found: 40400,
  unknown_type: 40401,
  conflict: 40900,
  migration_required: 40901,
  idempotency_mismatch: 40902,
  unique_violation: 40903,
  gone: 41000,
  too_large: 41300,
  draining: 42300,
  protocol_unsupported: 42600,
  overloaded: 42900,
  cancelled: 49900,
  internal: 50000,
  storage_full: 50700,
  storage_failed: 50700,
  outcome_unknown: 50701,
  // Said by the SDK to its own caller; they never travel.
  timeout: 50400,
  disconnected: 50300,
} as const satisfies { readonly [K in ErrorKind]: number }

/** LSP's code for a cancelled request, which language clients expect instead of ours. */
export const lspCancelled = -32800
