;;; orion.el --- The shared state of a repository, live  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: tools

;;; Commentary:

;; Lists that stay true while others write, records that are edited, search, and proposals that are reviewed, approved and
;; carried out.
;; It speaks the protocol of Orion through `jsonrpc', which comes with Emacs.  See docs/editors/emacs.md.
;;
;;   (add-to-list 'load-path "/usr/lib/node_modules/orion/plugins/emacs")
;;   (require 'orion)
;;
;; Nothing is started before the first command.

;;; Code:

(require 'cl-lib)
(require 'json)
(require 'jsonrpc)
(require 'project)
(require 'seq)
(require 'subr-x)
(require 'tabulated-list)

(defgroup orion nil
  "The shared state of a repository."
  :group 'tools)

;; Not safe as variables of a directory: a repository may not name a program.
(defcustom orion-command '("orion")
  "The program, with words before its own."
  :type '(repeat string)
  :risky t)

(defcustom orion-store nil
  "The directory of the store, or nil for that of the repository."
  :type '(choice (const nil) directory)
  :risky t)

(defcustom orion-page-size 100
  "Records in a list."
  :type 'natnum)

(defvar orion--connections (make-hash-table :test #'equal)
  "Connections by the roots of their repositories.")

(defvar-local orion--root nil "The root of the repository that a buffer is about.")
(defvar-local orion--view nil "The view that a list shows.")
(defvar-local orion--timer nil "Draws a list again, soon.")
(defvar-local orion--seen nil "The difference that a review shows.")
(defvar-local orion--subject nil "The type and id of the record that a buffer shows.")
(defvar-local orion--redraw nil "Shows the buffer again.")

(defvar orion--asking nil "Whether an answer is waited for.")
(defconst orion--pause 0.3 "Seconds between two questions of a list.")
(defconst orion--value-max 20000 "Characters of a value that are shown.")

;;;; Text

(defconst orion--harmful
  "[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
  "Characters that are shown as their codes.")

(defun orion--json (value)
  "VALUE of a record as JSON."
  ;; Unlike `json-serialize' it writes a number as it was read.
  (let ((json-null :null) (json-false :json-false) (json-encoding-pretty-print nil))
    (json-encode value)))

(defun orion--safe (value)
  "VALUE as one line of harmless text."
  (let ((text (cond ((stringp value) value)
                    ((memq value '(nil :null)) "")
                    (t (orion--json value)))))
    (replace-regexp-in-string
     orion--harmful
     (lambda (found) (if (string= found "\n") "⏎" (format "\\\\u%04x" (aref found 0))))
     (substring-no-properties text) t)))

(defun orion--lines (text indent)
  "The lines of TEXT, each harmless, after INDENT.  What is too long is counted."
  (let ((cut (if (> (length text) orion--value-max) (substring text 0 orion--value-max) text)))
    (concat
     (mapconcat (lambda (line) (concat indent (orion--safe line))) (split-string cut "\n") "\n")
     (unless (eq cut text)
       (format "\n%s… too large to show: %d of %d characters are here"
               indent orion--value-max (length text))))))

(defun orion--value (value indent)
  "VALUE as lines of text after INDENT."
  (orion--lines (if (stringp value) value (orion--json value)) indent))

;;;; The connection

(defun orion--filter (process text)
  "Take TEXT from PROCESS as `jsonrpc' does, but tell a null from an empty object."
  (cl-letf (((symbol-function 'jsonrpc--json-read)
             (lambda ()
               (json-parse-buffer :object-type 'plist :null-object :null :false-object :json-false)))
            (over nil))
    (unwind-protect (progn (jsonrpc--process-filter process text) (setq over t))
      ;; An answer leaves by a throw: what came together with it is read at once, and not with what comes next.
      (unless over
        (run-with-timer 0 nil (lambda () (when (process-live-p process) (orion--filter process ""))))))))

(defun orion--program (root)
  "The program's command line, by its whole path.  One that was found below ROOT is not run."
  (let* ((named (car orion-command))
         (found (or (executable-find named)
                    (user-error "Orion: there is no program %s; install it or set `orion-command'" named)))
         (path (expand-file-name found)))
    (when (and (not (file-name-absolute-p named))
               (file-in-directory-p (file-truename path) root))
      (user-error "Orion: %s is part of this repository and is not run; name it by its whole path" path))
    (append (list path) (cdr orion-command)
            (when orion-store (list "--store" (expand-file-name orion-store))))))

(defun orion--root ()
  "The root of the repository of the current buffer."
  (or orion--root
      (file-truename (expand-file-name
                      (or (locate-dominating-file default-directory ".git") default-directory)))))

(defun orion--on-notification (root method params)
  "Handle notification METHOD with PARAMS of the store of ROOT."
  (pcase method
    ('subscription/events
     (let ((types (seq-uniq (seq-map (lambda (event) (plist-get event :type))
                                     (plist-get params :events)))))
       (orion--each root (lambda () (orion--touched types)))))
    ((or 'subscription/gap 'subscription/closed)
     (orion--each root #'orion--soon))))

(defun orion--each (root what)
  "Call WHAT in each buffer about ROOT."
  (dolist (buffer (buffer-list))
    (when (equal (buffer-local-value 'orion--root buffer) root)
      (with-current-buffer buffer (funcall what)))))

(defun orion--touched (types)
  "Records of TYPES have changed: draw again what shows them."
  (let ((type (or (plist-get orion--view :type) (car orion--subject))))
    (when (or (member type types) orion--seen) (orion--soon))))

(defun orion--soon ()
  "Draw the buffer again, soon; once, however often it is asked."
  (when (and orion--redraw (not orion--timer))
    (let ((buffer (current-buffer)))
      (setq orion--timer
            (run-with-timer
             orion--pause nil
             (lambda ()
               (when (buffer-live-p buffer)
                 (with-current-buffer buffer
                   (setq orion--timer nil)
                   ;; Its question would come in between, and each answer end the wait for the other.
                   (condition-case problem (if orion--asking (orion--soon) (funcall orion--redraw))
                     (error (message "%s" (orion--safe (error-message-string problem)))))))))))))

(defun orion--lost (root connection)
  "CONNECTION to the store of ROOT has ended: find it again where something lives on it."
  (when (eq (gethash root orion--connections) connection)
    (remhash root orion--connections)
    ;; A list that is asked again connects again.
    (run-with-timer 0.5 nil (lambda () (orion--each root #'orion--soon)))))

(defun orion-connection (&optional root)
  "The connection to the store of ROOT, made if there is none."
  (let* ((root (or root (orion--root)))
         (known (gethash root orion--connections)))
    (if (and known (jsonrpc-running-p known)) known
      (let* ((default-directory root)
             (command (append (orion--program root) '("stdio")))
             (errors (generate-new-buffer " *orion stderr*"))
             (connection
              (make-instance
               'jsonrpc-process-connection
               :name "orion" :events-buffer-scrollback-size 0
               :process (lambda ()
                          (make-process :name "orion" :command command :connection-type 'pipe
                                        :coding 'utf-8-emacs-unix :noquery t :stderr errors))
               :notification-dispatcher
               (lambda (_connection method params) (orion--on-notification root method params))
               :on-shutdown (lambda (connection) (orion--lost root connection)))))
        (set-process-filter (jsonrpc--process connection) #'orion--filter)
        (condition-case nil
            (jsonrpc-request connection :initialize
                             (list :protocol '(:min 1 :max 1) :processId (emacs-pid)
                                   :client '(:name "orion-emacs" :version "0.1.0" :kind "editor")
                                   :workspace (list :root root))
                             :timeout 60)
          (error
           (let ((told (with-current-buffer errors (string-trim (buffer-string)))))
             (user-error "Orion: the daemon could not be reached: %s" (orion--safe told)))))
        (puthash root connection orion--connections)
        (jsonrpc-request connection :subscription/open
                         '(:patterns ["*"] :include "none" :policy "coalesce") :timeout 30)
        connection))))

(defun orion--ask (method params)
  "The answer to METHOD with PARAMS, or a `jsonrpc-error'."
  (let ((orion--asking t))
    (jsonrpc-request (orion-connection) method (or params (make-hash-table)) :timeout 60)))

(defun orion--request (method &rest params)
  "The answer to METHOD with PARAMS; an error of the daemon's is told with what to do."
  (condition-case problem (orion--ask method params)
    (jsonrpc-error (orion--tell problem))))

(defun orion--problem (problem)
  "What the daemon says beside the message of PROBLEM."
  (alist-get 'jsonrpc-error-data (seq-filter #'consp (cdr problem))))

(defun orion--tell (problem)
  "Tell of PROBLEM, an error of the daemon's, with what to do."
  (let* ((remedy (plist-get (orion--problem problem) :remedy))
         (message (or (alist-get 'jsonrpc-error-message (seq-filter #'consp (cdr problem)))
                      (cadr problem))))
    (user-error "Orion: %s%s" (orion--safe message)
                (if remedy (format " (%s)" (orion--safe remedy)) ""))))

(defun orion--key ()
  "A key under which a write happens once."
  (format "emacs-%x%x%x" (random most-positive-fixnum) (random most-positive-fixnum) (emacs-pid)))

;;;; Lists

(defun orion--field (name)
  "A function that gives the field NAME of a record."
  (lambda (record) (plist-get (plist-get record :data) name)))

(defconst orion--views
  `((jobs :type "JobResult" :title "Jobs"
          :columns (("state" 9 ,(orion--field :status)) ("job" 40 ,(orion--field :jobId))))
    (insights :type "OrionInsight" :title "Insights"
              :columns (("domain" 14 ,(orion--field :domain)) ("insight" 60 ,(orion--field :summary))))
    (patterns :type "OrionPattern" :title "Patterns"
              :columns (("used" 6 ,(orion--field :frequencyCount)) ("when to use it" 60 ,(orion--field :trigger))))
    (proposals :type "Proposal" :title "Proposals"
               :columns (("state" 9 ,(orion--field :status)) ("action" 24 ,(orion--field :actionType))
                         ("reason" 40 ,(orion--field :reason))))
    (log :type "OrionActionLog" :title "Action log"
         :columns (("state" 9 ,(orion--field :status)) ("action" 30 ,(orion--field :actionType))
                   ("error" 40 ,(orion--field :error)))))
  "What the lists show.")

(defvar orion-list-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'orion-open)
    map)
  "Keys of a list.")

(define-derived-mode orion-list-mode tabulated-list-mode "Orion"
  "A list of records that stays true."
  (setq-local revert-buffer-function (lambda (&rest _) (funcall orion--redraw))))

(defun orion--entries (records)
  "RECORDS as entries of a list."
  (mapcar
   (lambda (record)
     (let ((type (plist-get record :type)) (id (plist-get record :id)))
       (list (cons type id)
             (vconcat (list (substring (plist-get record :createdAt) 0 19))
                      (mapcar (lambda (column) (orion--safe (funcall (nth 2 column) record)))
                              (plist-get orion--view :columns))
                      (list (orion--safe (plist-get record :createdBy)))))))
   records))

(defun orion--show-list (name view ask)
  "Show the records that ASK gives as VIEW, in the buffer NAME."
  (let ((root (orion--root)) (buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (orion-list-mode)
      (setq orion--root root orion--view view default-directory root)
      (setq tabulated-list-format
            (vconcat '(("when" 20 t))
                     (mapcar (lambda (column) (list (nth 0 column) (nth 1 column) t))
                             (plist-get view :columns))
                     '(("by" 20 t))))
      (tabulated-list-init-header)
      (setq orion--redraw
            (lambda ()
              (setq tabulated-list-entries (orion--entries (funcall ask)))
              (tabulated-list-print t)))
      (funcall orion--redraw))
    (pop-to-buffer-same-window buffer)))

(defun orion--list (name)
  "Show the view NAME."
  (let* ((view (alist-get name orion--views)) (type (plist-get view :type)))
    (orion--show-list
     (format "*orion %s*" name) view
     (lambda ()
       (append (plist-get (orion--request :record/list :type type :limit orion-page-size
                                          :orderBy [(:field "createdAt" :direction "desc")])
                          :records)
               nil)))))

;;;###autoload
(defun orion-jobs () "How jobs ended, newest first." (interactive) (orion--list 'jobs))
;;;###autoload
(defun orion-insights () "What was learned." (interactive) (orion--list 'insights))
;;;###autoload
(defun orion-patterns () "Ways of doing things." (interactive) (orion--list 'patterns))
;;;###autoload
(defun orion-proposals () "What was proposed." (interactive) (orion--list 'proposals))
;;;###autoload
(defun orion-log () "The actions that were carried out." (interactive) (orion--list 'log))

;;;###autoload
(defun orion-search (query)
  "Records by the words of QUERY, best first."
  (interactive "sSearch Orion for: ")
  (orion--show-list
   "*orion search*"
   `(:title "Search" :columns (("type" 16 ,(lambda (record) (plist-get record :type)))
                               ("id" 38 ,(lambda (record) (plist-get record :id)))
                               ("data" 60 ,(lambda (record) (plist-get record :data)))))
   (lambda ()
     (mapcar (lambda (hit) (plist-get hit :record))
             (plist-get (orion--request :record/search :query query :limit orion-page-size) :hits)))))

(defun orion-open ()
  "Open the record under the cursor."
  (interactive)
  (pcase (tabulated-list-get-id)
    (`("Proposal" . ,id) (orion-review id))
    (`(,type . ,id) (orion-show type id))))

;;;; Records and reviews

(define-derived-mode orion-record-mode special-mode "Orion-Record"
  "A record, or what a proposal would change."
  (setq-local word-wrap t revert-buffer-function (lambda (&rest _) (funcall orion--redraw))))

(defun orion--show-text (name subject draw)
  "Show in the buffer NAME, about SUBJECT, what DRAW inserts, and again when something has changed."
  (let ((root (orion--root)) (buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (orion-record-mode)
      (setq orion--root root orion--subject subject default-directory root)
      (setq orion--redraw
            (lambda ()
              (let ((text (funcall draw)) (inhibit-read-only t) (point (point)))
                (erase-buffer)
                (insert text "\n")
                (goto-char (min point (point-max))))))
      (funcall orion--redraw)
      (goto-char (point-min)))
    (pop-to-buffer-same-window buffer)))

;;;###autoload
(defun orion-show (type id)
  "Show the record of TYPE with ID."
  (interactive "sType: \nsId: ")
  (orion--show-text
   (format "*orion %s %s*" (orion--safe type) (orion--safe id)) (cons type id)
   (lambda ()
     (let ((record (orion--request :record/get :type type :id id)))
       (concat (format "%s %s  version %d\nchanged %s by %s\n" (orion--safe type) (orion--safe id)
                       (plist-get record :version) (plist-get record :updatedAt)
                       (orion--safe (plist-get record :updatedBy)))
               (mapconcat (lambda (pair)
                            (format "\n%s\n%s\n" (orion--safe (substring (symbol-name (car pair)) 1))
                                    (orion--value (cadr pair) "  ")))
                          (seq-partition (plist-get record :data) 2) ""))))))

(defun orion--review-text (seen)
  "What SEEN, a difference, says."
  (concat
   (format "Proposal %s\n%s, %d of %d approvals  %s  by %s\n"
           (orion--safe (plist-get seen :id)) (plist-get seen :status) (plist-get seen :approvals)
           (plist-get seen :quorum) (orion--safe (plist-get seen :actionType))
           (orion--safe (plist-get seen :createdBy)))
   (when-let ((reason (plist-get seen :reason))) (concat (orion--lines reason "") "\n"))
   (mapconcat (lambda (moved)
                (format "! %s %s has moved: the proposal is void\n"
                        (orion--safe (plist-get moved :type)) (orion--safe (plist-get moved :id))))
              (plist-get seen :moved) "")
   (mapconcat
    (lambda (one)
      (concat (format "\n%s %s %s\n" (plist-get one :op) (orion--safe (plist-get one :type))
                      (orion--safe (plist-get one :id)))
              (mapconcat
               (lambda (field)
                 (let ((name (orion--safe (plist-get field :field))))
                   (concat (when (plist-member field :before)
                             (format "  - %s: %s\n" name (string-trim-left (orion--value (plist-get field :before) "    "))))
                           (when (plist-member field :after)
                             (format "  + %s: %s\n" name (string-trim-left (orion--value (plist-get field :after) "    ")))))))
               (plist-get one :fields) "")))
    (plist-get seen :operations) "")
   (when-let ((digest (plist-get seen :digest))) (format "\ndigest %s" digest))))

;;;###autoload
(defun orion-review (id)
  "Show what the proposal ID would change."
  (interactive "sProposal: ")
  (orion--show-text
   (format "*orion review %s*" (orion--safe id)) (cons "Proposal" id)
   (lambda () (orion--review-text (setq orion--seen (orion--request :proposal/diff :id id))))))

(defun orion--reviewed ()
  "The difference that the current buffer shows."
  (or orion--seen (user-error "Orion: look at a proposal first: M-x orion-review")))

(defun orion--decide (method seen &rest more)
  "Send METHOD about exactly what SEEN says, with MORE."
  (let ((result (apply #'orion--request method :id (plist-get seen :id) :digest (plist-get seen :digest)
                       :idempotencyKey (orion--key) more)))
    (funcall orion--redraw)
    (message "Orion: %s is %s" (orion--safe (plist-get seen :id)) (plist-get result :status))))

(defun orion-approve ()
  "Approve exactly what this review shows."
  (interactive)
  (let ((seen (orion--reviewed)))
    (unless (seq-empty-p (plist-get seen :moved))
      (user-error "Orion: it is void: what it is based on has moved"))
    (if (yes-or-no-p "Approve exactly this? ")
        (apply #'orion--decide :proposal/approve seen
               (when (eq (plist-get seen :approver) t)
                 (list :approverSecret (read-passwd "Passphrase of the approver: "))))
      (message "Orion: not approved"))))

(defun orion-reject (reason)
  "Reject what this review shows, and say the REASON."
  (interactive "sWhy is it rejected? ")
  (when (string-blank-p reason) (user-error "Orion: it takes a reason"))
  (orion--decide :proposal/reject (orion--reviewed) :comment reason))

(defun orion-execute ()
  "Carry out what this review shows."
  (interactive)
  (orion--decide :proposal/execute (orion--reviewed)))

;;;; Editing

(defvar-local orion--base nil "The record as it was when it was begun to be edited; nil for a new one.")
(defvar-local orion--over nil "The version that a save writes over, and no other.")
(defvar-local orion--theirs nil "The buffer that shows what somebody else has saved meanwhile.")

(defvar orion-edit-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'orion-save)
    (define-key map (kbd "C-c C-e") #'orion-compare)
    (define-key map (kbd "C-c C-k") #'orion-give-up)
    map)
  "Keys of a record that is edited.")

;; Not the mode of a language: nothing that reacts to one reacts to a record.
(define-derived-mode orion-edit-mode fundamental-mode "Orion-Edit"
  "The data of a record as JSON."
  (setq-local word-wrap t indent-tabs-mode nil tab-width 2 bidi-paragraph-direction 'left-to-right)
  (setq font-lock-defaults
        '((("^ *\\(\"\\(?:[^\"\\]\\|\\\\.\\)*\"\\):" 1 font-lock-keyword-face)
           ("\"\\(?:[^\"\\]\\|\\\\.\\)*\"" . font-lock-string-face)
           ("\\_<\\(?:true\\|false\\|null\\)\\_>" . font-lock-constant-face))
          t)))

(defun orion--pretty (data)
  "DATA of a record as indented JSON; what is harmful stands as its code, which JSON reads as the same."
  (with-temp-buffer
    (insert (orion--json (or data (make-hash-table))))
    (json-pretty-print-buffer)
    (goto-char (point-min))
    (while (re-search-forward orion--harmful nil t)
      (unless (eq (char-before) ?\n)
        (replace-match (format "\\u%04x" (char-before)) t t)))
    (buffer-string)))

(defun orion--subject-here ()
  "Type and id of the record that is shown here, or under the cursor."
  (let ((subject (if orion--view (tabulated-list-get-id) orion--subject)))
    (if (and (consp subject) (not (equal (car subject) "Proposal"))) subject
      (user-error "Orion: there is no record here that can be edited"))))

(defun orion--begin (name subject record text)
  "Edit TEXT, the data of RECORD about SUBJECT, in the buffer NAME."
  (let ((root (orion--root)) (buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (unless (buffer-modified-p)
        (orion-edit-mode)
        (setq orion--root root orion--subject subject default-directory root)
        (orion--fill record text)))
    (pop-to-buffer buffer)
    (message "Orion: C-c C-c saves, C-c C-k gives up")))

(defun orion--fill (record text)
  "Begin anew here with RECORD, whose data is TEXT."
  (orion--forget-theirs)
  (setq orion--base record orion--over (plist-get record :version))
  (setq header-line-format
        (format " %s %s  %s" (orion--safe (car orion--subject)) (orion--safe (or (cdr orion--subject) "(new)"))
                (if orion--over (format "version %d" orion--over) "")))
  (let ((point (point)))
    (erase-buffer)
    (insert text "\n")
    (goto-char (min point (point-max))))
  (set-buffer-modified-p nil))

(defun orion--forget-theirs ()
  "Close what shows the version of somebody else."
  (when (buffer-live-p orion--theirs)
    (when-let ((window (get-buffer-window orion--theirs))) (quit-window nil window))
    (kill-buffer orion--theirs))
  (setq orion--theirs nil))

;;;###autoload
(defun orion-edit (type id)
  "Edit the record of TYPE with ID; by default the one that is shown."
  (interactive (let ((subject (orion--subject-here))) (list (car subject) (cdr subject))))
  (let ((record (orion--request :record/get :type type :id id)))
    (orion--begin (format "*orion edit %s %s*" (orion--safe type) (orion--safe id)) (cons type id)
                  record (orion--pretty (plist-get record :data)))))

;;;###autoload
(defun orion-create (type)
  "Write a new record of TYPE."
  (interactive "sType: ")
  (orion--begin (format "*orion new %s*" (orion--safe type)) (list type) nil "{\n  \n}"))

(defun orion--fields (text)
  "The fields of TEXT, a JSON object, as it is sent."
  (let ((data (condition-case problem
                  (json-parse-string text :null-object nil :false-object :json-false)
                (json-error (user-error "Orion: expected the JSON of an object: %s"
                                        (orion--safe (error-message-string problem)))))))
    (if (hash-table-p data) data
      (user-error "Orion: expected the JSON of an object"))))

(defun orion--changes (base mine)
  "What makes the fields BASE to MINE, as parameters."
  (let ((set (make-hash-table :test #'equal)) (unset nil)
        (text (lambda (value) (json-serialize value :null-object nil :false-object :json-false))))
    (maphash (lambda (name value)
               (unless (and (not (eq (gethash name base 'none) 'none))
                            (equal (funcall text value) (funcall text (gethash name base))))
                 (puthash name value set)))
             mine)
    (maphash (lambda (name _) (when (eq (gethash name mine 'none) 'none) (push name unset))) base)
    (append (unless (hash-table-empty-p set) (list :set set))
            (when unset (list :unset (vconcat unset))))))

(defun orion-save ()
  "Save the fields that were changed here, over the version that was read, or nothing."
  (interactive)
  (unless (derived-mode-p 'orion-edit-mode) (user-error "Orion: nothing is edited here"))
  (let ((mine (orion--fields (buffer-string))))
    (if (null orion--base) (orion--save-new mine)
      (let ((changes (orion--changes (orion--fields (orion--json (or (plist-get orion--base :data) (make-hash-table)))) mine)))
        (cond ((null changes) (set-buffer-modified-p nil) (message "Orion: nothing has changed"))
              ((or (null orion--theirs)
                   (yes-or-no-p (format "Save your changes over version %d? " orion--over)))
               (orion--save-over changes)))))))

(defun orion--save-new (data)
  "Save DATA as a new record."
  (let ((made (orion--request :record/create :type (car orion--subject) :data data
                              :idempotencyKey (orion--key))))
    (setq orion--subject (cons (car orion--subject) (plist-get made :id)))
    (orion--saved)
    (rename-buffer (format "*orion edit %s %s*" (orion--safe (car orion--subject))
                           (orion--safe (cdr orion--subject)))
                   t)))

(defun orion--save-over (changes)
  "Save CHANGES over the version that was read; if somebody else was first, show theirs."
  (condition-case problem
      (progn
        (orion--ask :record/update
                    (append (list :type (car orion--subject) :id (cdr orion--subject)
                                  :expectedVersion orion--over :idempotencyKey (orion--key))
                            changes))
        (orion--saved))
    (jsonrpc-error
     (let ((data (orion--problem problem)))
       (if (and (equal (plist-get data :kind) "conflict") (equal (plist-get data :reason) "version"))
           (orion--show-theirs data)
         (orion--tell problem))))))

(defun orion--saved ()
  "Go on with what is stored now."
  (let ((record (orion--request :record/get :type (car orion--subject) :id (cdr orion--subject))))
    (orion--fill record (orion--pretty (plist-get record :data)))
    (message "Orion: saved as version %d" orion--over)))

(defun orion--show-theirs (conflict)
  "Show beside mine what CONFLICT is about; from now on a save writes over that."
  (let* ((record (orion--request :record/get :type (car orion--subject) :id (cdr orion--subject)))
         (text (orion--pretty (plist-get record :data)))
         (version (plist-get record :version))
         (by (orion--safe (plist-get record :updatedBy)))
         (name (format "*orion theirs %s %s*" (orion--safe (car orion--subject))
                       (orion--safe (cdr orion--subject))))
         (theirs (get-buffer-create name)))
    (with-current-buffer theirs
      (let ((inhibit-read-only t))
        (orion-edit-mode)
        (erase-buffer)
        (insert text "\n")
        (goto-char (point-min)))
      (setq buffer-read-only t header-line-format (format " theirs: version %d by %s" version by))
      (set-buffer-modified-p nil))
    (setq orion--theirs theirs orion--over version)
    (setq header-line-format
          (format " mine: C-c C-c saves over version %d, C-c C-e compares" version))
    (display-buffer theirs '(display-buffer-in-direction (direction . right)))
    (message "Orion: %s was first: %s (version %d); nothing is saved yet" by
             (orion--safe (mapconcat #'identity (plist-get conflict :changedFields) ", ")) version)))

(defun orion-compare ()
  "Compare mine with what somebody else has saved."
  (interactive)
  (if (buffer-live-p orion--theirs) (ediff-buffers (current-buffer) orion--theirs)
    (user-error "Orion: nobody else was first")))

(defun orion-give-up ()
  "Forget what was changed here."
  (interactive)
  (when (or (not (buffer-modified-p)) (yes-or-no-p "Forget what you have changed? "))
    (orion--forget-theirs)
    (set-buffer-modified-p nil)
    (quit-window t)))

(defun orion-disconnect ()
  "End every connection."
  (interactive)
  (let ((connections (hash-table-values orion--connections)))
    (clrhash orion--connections)
    (mapc #'jsonrpc-shutdown connections)))

(define-key orion-list-mode-map (kbd "e") #'orion-edit)
(define-key orion-record-mode-map (kbd "e") #'orion-edit)
(define-key orion-record-mode-map (kbd "A") #'orion-approve)
(define-key orion-record-mode-map (kbd "R") #'orion-reject)
(define-key orion-record-mode-map (kbd "X") #'orion-execute)

(provide 'orion)
;;; orion.el ends here
