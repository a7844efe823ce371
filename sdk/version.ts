/** The version of this package; a test holds it equal to `package.json`, so that no file is read at run time. */
export const VERSION = '0.1.0'
