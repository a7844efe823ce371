/**
 * The part of WebAssembly's JavaScript interface that the engine uses. Node has it; its types come
 * with the DOM library only, which this project leaves out.
 */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { readonly [name: string]: unknown } }
  readonly Memory: new (size: {
    readonly initial: number
  }) => {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  readonly Table: new (
    ...settings: never
  ) => {
    get(index: number): ((...values: (number | bigint)[]) => number) | null
  }
}
