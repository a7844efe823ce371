--- Buffers that show something and are no files: nobody writes into them by hand, and nothing in them is run.
local config = require('orion.config')

local M = {}

--- What stands behind a buffer, by its number.
local models = {}

--- A text as part of a buffer's name: what a name could mean something with is written as its code.
local function encoded(text)
  return (text:gsub('[^%w%-_.:@]', function(character)
    return ('%%%02X'):format(character:byte())
  end))
end

local function decoded(text)
  return (text:gsub('%%(%x%x)', function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

--- The name of a buffer: `orion://` and parts with slashes between.
---@param parts string[]
function M.name(parts)
  return 'orion://' .. table.concat(vim.tbl_map(encoded, parts), '/')
end

--- The parts of a name; nil if it is none.
---@return string[]?
function M.parts(name)
  local rest = name:match('^orion://(.+)$')
  return rest and vim.tbl_map(decoded, vim.split(rest, '/', { plain = true })) or nil
end

local function prepare(buffer, root, writable)
  local set = vim.bo[buffer]
  set.buftype = writable and 'acwrite' or 'nofile'
  set.bufhidden = 'hide'
  set.swapfile = false
  set.undofile = false
  if not writable then
    -- What was drawn before is of no use, and would be held: a busy watch took hundreds of megabytes.
    set.undolevels = -1
  end
  set.modeline = false
  set.buflisted = false
  set.modifiable = writable or false
  -- Not the type of any language: nothing that reacts to one reacts to a record.
  set.filetype = writable and 'json.orion' or 'orion'
  vim.b[buffer].orion_root = root
end

--- The buffer of a name, made if there is none, and whether it was made.
---
---@param root string
---@param parts string[]
---@param options? {writable?: boolean, buffer?: integer}
---@return integer buffer, boolean fresh
function M.get(root, parts, options)
  options = options or {}
  local name = M.name(parts)
  local buffer = options.buffer
  if not buffer then
    for _, one in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_valid(one) and vim.api.nvim_buf_get_name(one) == name and models[one] then
        if vim.b[one].orion_root == root then
          return one, false
        end
        name = name .. '#' .. vim.fs.basename(root)
      end
    end
    buffer = vim.fn.bufnr('^' .. vim.fn.escape(name, '*?[]{},\\~^$') .. '$')
    if buffer == -1 or vim.api.nvim_buf_get_name(buffer) ~= name then
      buffer = vim.api.nvim_create_buf(false, true)
      vim.api.nvim_buf_set_name(buffer, name)
    end
  end
  prepare(buffer, root, options.writable)
  return buffer, models[buffer] == nil
end

--- Puts something behind a buffer. It is closed with the buffer.
function M.attach(buffer, model)
  models[buffer] = model
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer,
    once = true,
    callback = function()
      models[buffer] = nil
      if model.close then
        model:close()
      end
    end,
  })
  M.keys(buffer, model)
end

--- What stands behind a buffer.
function M.model(buffer)
  return models[buffer == 0 and vim.api.nvim_get_current_buf() or buffer]
end

--- Shows a buffer in the current window, or in a new one if `split` says how.
---@param split? string
function M.show(buffer, split)
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
    return window
  end
  if split then
    vim.cmd(split)
  end
  vim.api.nvim_win_set_buf(0, buffer)
  local here = vim.api.nvim_get_current_win()
  vim.wo[here][0].wrap = not (models[buffer] and models[buffer].is_table or false)
  vim.wo[here][0].list = false
  vim.wo[here][0].spell = false
  return here
end

--- Whether a buffer is in a window.
function M.is_shown(buffer)
  return vim.fn.bufwinid(buffer) ~= -1
end

local function help(keys)
  local lines = {}
  for _, key in ipairs(keys) do
    table.insert(lines, ('%-6s %s'):format(key[1], key[3]))
  end
  vim.api.nvim_echo({ { table.concat(lines, '\n') } }, false, {})
end

--- Gives a buffer the keys of its model: `{ { lhs, function, what } … }`.
function M.keys(buffer, model)
  if not config.get().keymaps or not model.keys then
    return
  end
  local keys = vim.list_extend({}, model.keys)
  table.insert(keys, {
    'q',
    function()
      if #vim.api.nvim_list_wins() > 1 then
        vim.api.nvim_win_close(0, false)
      else
        vim.cmd.bprevious()
      end
    end,
    'close',
  })
  for _, key in ipairs(keys) do
    vim.keymap.set('n', key[1], function()
      key[2](model)
    end, { buffer = buffer, nowait = true, silent = true, desc = 'Orion: ' .. key[3] })
  end
  vim.keymap.set('n', 'g?', function()
    help(keys)
  end, { buffer = buffer, nowait = true, silent = true, desc = 'Orion: these keys' })
end

return M
