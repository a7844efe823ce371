export function compileList(_: object): { sql: string; values: never[]; cursorAfter(row: object): string } { throw new Error('stub') }
export function compileCount(_: object): { sql: string; values: never[]; groupValue(row: object): null } { throw new Error('stub') }
