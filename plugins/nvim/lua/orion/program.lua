--- Finds the program, and runs it where the editor's own client can't do what is needed.
local config = require('orion.config')
local safe = require('orion.safe')

local M = {}

--- The present version of this client, as the daemon is told.
M.version = '0.1.0'

local function is_inside(path, directory)
  path, directory = vim.fs.normalize(path), vim.fs.normalize(directory)
  return path == directory or vim.startswith(path, directory:gsub('/$', '') .. '/')
end

local function is_absolute(path)
  return path:match('^/') ~= nil or path:match('^%a:[/\\]') ~= nil
end

--- The command, with the program's whole path. What a repository brings along is not run: a program that was found below
--- it counts only if the user has named it by its whole path.
---
---@param root string
---@return string[]? command
---@return table? problem
function M.command(root)
  local cmd = config.get().cmd
  local named = cmd[1]:gsub('^~/', (vim.uv.os_homedir() or '~') .. '/')
  local path = vim.fn.exepath(named)
  if path == '' then
    return nil,
      {
        kind = 'no_program',
        message = ('there is no program %s'):format(safe.line(cmd[1])),
        remedy = 'install Orion (`npm install --global orion`), or name it: require("orion").setup({ cmd = { "/path/to/orion" } })',
      }
  end
  if not is_absolute(named) and (not is_absolute(path) or is_inside(vim.uv.fs_realpath(path) or path, root)) then
    return nil,
      {
        kind = 'program_in_repository',
        message = ('%s was found inside of this repository, and is not run for that'):format(safe.line(path)),
        remedy = 'if you trust it, name it by its whole path in require("orion").setup({ cmd = { … } })',
      }
  end
  local command = vim.list_slice(cmd)
  command[1] = is_absolute(named) and named or path
  if config.get().store then
    vim.list_extend(command, { '--store', vim.fn.fnamemodify(config.get().store, ':p') })
  end
  return command
end

--- The access token, if the user has set one.
function M.token()
  local token = config.get().token
  if type(token) == 'function' then
    token = token()
  end
  return token or vim.env.ORION_TOKEN
end

--- Runs a command of the program with `--json` and gives what it prints, exactly: the editor's own client leaves out members
--- that are `null`, which who edits or approves has to see, and sends numbers with 14 digits.
---
---@param root string
---@param args string[]
---@param done fun(problem: table?, value: any)
---@param input? string What it reads.
function M.json(root, args, done, input)
  local command, problem = M.command(root)
  if not command then
    return done(problem)
  end
  vim.list_extend(command, { '--json' })
  vim.list_extend(command, args)
  local ended = vim.schedule_wrap(function(result)
    if result.code ~= 0 then
      return done(M.told(result))
    end
    local ok, value = pcall(vim.json.decode, result.stdout)
    if not ok then
      return done({ kind = 'internal', message = 'the program printed no JSON: ' .. safe.line(safe.head(result.stdout, 200)) })
    end
    done(nil, value)
  end)
  local token = M.token()
  local options = { cwd = root, stdin = input, env = token and { ORION_TOKEN = token } or nil }
  local ok, err = pcall(vim.system, command, options, ended)
  if not ok then
    done({ kind = 'no_program', message = safe.line(err), remedy = 'see :checkhealth orion' })
  end
end

--- What the program said of its failure, as an error of the daemon would be.
function M.told(result)
  local last = vim.trim(result.stderr or ''):match('[^\n]*$')
  local ok, told = pcall(vim.json.decode, last)
  if ok and type(told) == 'table' and told.message then
    local data = told.data or {}
    return { kind = told.kind, message = told.message, remedy = data.remedy, log = data.logPath, data = data, reason = data.reason }
  end
  local text = vim.trim(result.stderr or '')
  return {
    kind = 'start_failed',
    message = text ~= '' and text or ('the program ended with %s'):format(result.code),
    remedy = 'see :checkhealth orion',
  }
end

return M
