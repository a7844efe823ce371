import type { z } from 'zod'

/** The parameters of a request as its schema gives them out. */
export type Params<D extends { readonly params: z.ZodType }> = z.output<D['params']>
