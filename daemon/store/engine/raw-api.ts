/**
 * SQLite's C functions as a WebAssembly build exports them: pointers and numbers in, a result code
 * or a number out. Only those that every build we know exports are here.
 */
export interface RawApi {
  open(zName: number, ppDatabase: number): number
  close_v2(database: number): number
  errmsg(database: number): number
  exec(database: number, zSql: number, callback: number, argument: number, pzError: number): number
  prepare_v2(
    database: number,
    zSql: number,
    bytes: number,
    ppStatement: number,
    pzTail: number,
  ): number
  step(statement: number): number
  reset(statement: number): number
  finalize(statement: number): number
  clear_bindings(statement: number): number
  bind_text(
    statement: number,
    index: number,
    text: number,
    bytes: number,
    destructor: number,
  ): number
  bind_blob(
    statement: number,
    index: number,
    blob: number,
    bytes: number,
    destructor: number,
  ): number
  bind_int(statement: number, index: number, value: number): number
  bind_double(statement: number, index: number, value: number): number
  column_count(statement: number): number
  column_name(statement: number, column: number): number
  column_type(statement: number, column: number): number
  column_double(statement: number, column: number): number
  column_text(statement: number, column: number): number
  column_blob(statement: number, column: number): number
  column_bytes(statement: number, column: number): number
  changes(database: number): number
  create_function_v2(
    database: number,
    zName: number,
    argumentCount: number,
    encoding: number,
    application: number,
    xFunction: number,
    xStep: number,
    xFinal: number,
    xDestroy: number,
  ): number
  value_text(value: number): number
  value_blob(value: number): number
  value_bytes(value: number): number
  value_double(value: number): number
  result_int(context: number, value: number): void
  result_text(context: number, text: number, bytes: number, destructor: number): void
  result_error(context: number, text: number, bytes: number): void
  backup_init(
    toDatabase: number,
    zToSchema: number,
    fromDatabase: number,
    zFromSchema: number,
  ): number
  backup_step(backup: number, pages: number): number
  backup_finish(backup: number): number
}

/** The names of `RawApi`, to look them up in a build's exports (there prefixed `sqlite3_`). */
export const rawFunctionNames = [
  'open',
  'close_v2',
  'errmsg',
  'exec',
  'prepare_v2',
  'step',
  'reset',
  'finalize',
  'clear_bindings',
  'bind_text',
  'bind_blob',
  'bind_int',
  'bind_double',
  'column_count',
  'column_name',
  'column_type',
  'column_double',
  'column_text',
  'column_blob',
  'column_bytes',
  'changes',
  'create_function_v2',
  'value_text',
  'value_blob',
  'value_bytes',
  'value_double',
  'result_int',
  'result_text',
  'result_error',
  'backup_init',
  'backup_step',
  'backup_finish',
] as const satisfies readonly (keyof RawApi)[]
